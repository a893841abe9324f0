# One static binary on nothing: CA certificates for WeChat, a user without rights.
FROM node:22 AS charts
WORKDIR /src
COPY scripts/board-charts ./
RUN npm ci --ignore-scripts --no-audit --no-fund && npm run --silent build -- --outfile=charts.js

# The phone's pages are typed by the API's own document.
FROM golang:1.26 AS api
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go run -trimpath ./cmd/fenlin openapi >/openapi.json

FROM node:22 AS client
WORKDIR /src
COPY miniprogram/package.json miniprogram/package-lock.json miniprogram/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY miniprogram ./
COPY --from=api /openapi.json build/openapi.json
RUN npm run --silent api && npm run --silent h5

FROM api AS build
COPY --from=charts /src/charts.js internal/web/pages/board/
COPY --from=client /src/dist/build/h5/ internal/web/pages/app/
RUN make internal/placard/font/DroidSansFallbackFull.ttf.gz
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/fenlin ./cmd/fenlin \
 && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/fenlin /
COPY --from=build --chown=65532:65532 /out/data /data
ENV FENLIN_LISTEN=0.0.0.0:8080 FENLIN_DATA_DIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
# Health is asked over HTTP: /healthz, /readyz.
ENTRYPOINT ["/fenlin"]
CMD ["serve"]

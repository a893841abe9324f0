package kv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	prefix     = "fenlin:"      // before every key
	lockPrefix = "fenlin:lock:" // before every lock, so that a lock and a value of one name do not meet

	// One command may take this long: a callback must be answered within 5 s, with or without Redis.
	commandTimeout = time.Second

	firstWait = 2 * time.Millisecond  // between two attempts at a lock, doubling
	longWait  = 50 * time.Millisecond // up to this
)

// freeMine deletes the lock if it still holds our token.
var freeMine = redis.NewScript(`if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`)

// Redis is a Store shared by all replicas.
type Redis struct {
	client redis.UniversalClient
}

// NewRedis opens `redis://[user:password@]host:6379/0` (`rediss://` with TLS);
// several hosts parted by commas are a cluster. It fails on a bad address only:
// a Redis that is away is found out by Ping and by use.
func NewRedis(_ context.Context, address string) (*Redis, error) {
	opt, err := options(address)
	if err != nil {
		return nil, err
	}
	redis.SetLogger(driverLog{})
	return &Redis{client: redis.NewUniversalClient(opt)}, nil
}

func options(address string) (*redis.UniversalOptions, error) {
	one, hosts := firstHost(address)
	parsed, err := redis.ParseURL(one)
	if err != nil { // it quotes what it stumbled over, which may be the password
		err = errors.New("it cannot be read")
	}
	if err == nil && (parsed.Network != "tcp" || strings.Contains(one, "?")) {
		err = errors.New("only scheme, user, hosts and database number are read")
	}
	if err == nil && len(hosts) == 0 { // else it would be this machine's, whatever was meant
		err = errors.New("it names no host")
	}
	if err == nil && len(hosts) > 1 && parsed.DB != 0 {
		err = errors.New("a cluster has database 0 only")
	}
	if err != nil {
		return nil, fmt.Errorf("kv: the address of Redis is not of the form redis://[user:password@]host:6379/0: %w", err)
	}
	if parsed.TLSConfig != nil {
		parsed.TLSConfig.ServerName = "" // each host by its own name
	}
	return &redis.UniversalOptions{
		Addrs:     hosts,
		Username:  parsed.Username,
		Password:  parsed.Password,
		DB:        parsed.DB,
		TLSConfig: parsed.TLSConfig,
		// A command sent again after a lost answer would lose a SetNX that it had won, and count twice.
		MaxRetries:               -1,
		DialTimeout:              commandTimeout,
		DialerRetries:            1,
		ReadTimeout:              commandTimeout,
		WriteTimeout:             commandTimeout,
		PoolTimeout:              commandTimeout,
		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}, nil
}

// firstHost is the address with its first host alone, which url.Parse can read,
// and all its hosts with their ports.
func firstHost(address string) (one string, hosts []string) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address, nil
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	start := strings.LastIndexByte(rest[:end], '@') + 1
	for host := range strings.SplitSeq(rest[start:end], ",") {
		if !strings.Contains(host[strings.LastIndexByte(host, ']')+1:], ":") {
			host += ":6379"
		}
		hosts = append(hosts, host)
	}
	return scheme + "://" + rest[:start] + hosts[0] + rest[end:], hosts
}

// Get implements Store.
func (r *Redis) Get(ctx context.Context, key string) (string, bool, error) {
	value, err := r.client.Get(ctx, prefix+key).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	return value, err == nil, err
}

// Set implements Store.
func (r *Redis) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if ttl <= 0 {
		return errLifetime
	}
	return r.client.Set(ctx, prefix+key, value, ttl).Err()
}

// SetNX implements Store.
func (r *Redis) SetNX(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
	if ttl <= 0 {
		return false, errLifetime
	}
	return r.setNX(ctx, prefix+key, value, ttl)
}

func (r *Redis) setNX(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
	err := r.client.SetArgs(ctx, key, value, redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// Incr implements Store; a value that is no number is an error.
func (r *Redis) Incr(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if ttl <= 0 {
		return 0, errLifetime
	}
	var sum *redis.IntCmd
	_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.SetArgs(ctx, prefix+key, 0, redis.SetArgs{Mode: "NX", TTL: ttl})
		sum = p.Incr(ctx, prefix+key)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) { // Nil: the key was there already
		return 0, err
	}
	return sum.Result()
}

// Del implements Store.
func (r *Redis) Del(ctx context.Context, keys ...string) error {
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys { // one by one: a cluster keeps them in different places
			p.Del(ctx, prefix+key)
		}
		return nil
	})
	return err
}

// Lock implements Store.
func (r *Redis) Lock(ctx context.Context, key string, ttl time.Duration) (func(), error) {
	if ttl <= 0 {
		return nil, errLifetime
	}
	key, token := lockPrefix+key, rand.Text()
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		if ctx.Err() != nil {
			return nil, ErrLocked
		}
		// Not cut off by ctx: a command that is cut off may still take the lock, and nobody would free it.
		mine, err := r.setNX(context.WithoutCancel(ctx), key, token, ttl)
		if err != nil {
			return nil, err
		}
		if mine {
			return func() { r.free(ctx, key, token) }, nil
		}
		select {
		case <-time.After(wait/2 + mrand.N(wait)):
		case <-ctx.Done():
		}
	}
}

// free ends our holding of a lock; if Redis does not answer, its lifetime does.
func (r *Redis) free(ctx context.Context, key, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	_ = freeMine.Run(ctx, r.client, []string{key}, token).Err()
}

// Ping implements Store.
func (r *Redis) Ping(ctx context.Context) error { return r.client.Ping(ctx).Err() }

// driverLog takes what Redis's driver says of itself, such as connections that broke.
type driverLog struct{}

// Printf implements the driver's logger.
func (driverLog) Printf(ctx context.Context, format string, v ...any) {
	slog.WarnContext(ctx, "Redis's driver complains", "error", fmt.Sprintf(format, v...))
}

// Setting is a setting of the server, such as maxmemory-policy, or empty where
// the server does not tell.
func (r *Redis) Setting(ctx context.Context, name string) string {
	all, err := r.client.ConfigGet(ctx, name).Result()
	if err != nil { // managed ones refuse the question
		return ""
	}
	return all[name]
}

// Close implements Store.
func (r *Redis) Close() error { return r.client.Close() }

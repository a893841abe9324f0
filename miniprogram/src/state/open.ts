import { session, start } from "./session";

/** openly is for operations that anybody may call and that tell more to who is signed in:
 * it waits for the silent sign-in, and asks nobody to do anything. */
export async function openly(): Promise<{ open: boolean }> {
  await start();
  return { open: session.state !== "in" };
}

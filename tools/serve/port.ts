import { createServer } from "node:net";

/** An error whose message is all the user needs: it is printed without a stack. */
export class StartError extends Error {}

/**
 * The port to listen on: `port` itself when it is free, for 0 one that the system chooses. Throws StartError when it is
 * in use or may not be used.
 */
export function freePort(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE" ? "is in use" : `cannot be used (${error.code ?? error.message})`;
      reject(new StartError(`port ${port} on ${host} ${reason}; choose another with --port N`));
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const chosen = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(chosen));
    });
  });
}

/** `host:port` as it stands in a URL that this machine can open: a wildcard address becomes the loopback one. */
export function authority(host: string, port: number): string {
  if (host === "0.0.0.0" || host === "::") return `127.0.0.1:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Any number of pods at one port: the base path of a pod's url, `/address/id`, is who answers, with the id. */
export async function startPods(): Promise<{
  urlOf(id: string, address: number): string;
  stop(): Promise<void>;
}> {
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    response.end(request.url?.split("/")[2] ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (id, address) => `http://127.0.0.1:${port}/${address}/${id}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

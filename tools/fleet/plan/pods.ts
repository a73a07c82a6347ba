import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Any number of pods at one port: the base path of a pod's url, `/address/id`, is who answers, with the id. */
export async function startPods(): Promise<{
  urlOf(id: string, address: number): string;
  /** Requests that have come. */
  arrivals(): number;
  stop(): Promise<void>;
}> {
  let arrivals = 0;
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    arrivals++;
    response.end(request.url?.split("/")[2] ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (id, address) => `http://127.0.0.1:${port}/${address}/${id}`,
    arrivals: () => arrivals,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

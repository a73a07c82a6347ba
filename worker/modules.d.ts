declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.txt" {
  const text: string;
  export default text;
}

/** The text of a file as it is: both bundlers know the name. */
declare module "*?raw" {
  const text: string;
  export default text;
}

declare function installRuntime(name: string): { path: string; flags: string[]; version: string };
export = installRuntime;

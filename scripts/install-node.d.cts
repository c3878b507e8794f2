declare function installNode(version: string): string;
export = installNode;

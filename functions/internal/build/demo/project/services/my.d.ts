declare const my: any;
declare const process: { env: Record<string, string | undefined> };
declare function Page(options: object): void;

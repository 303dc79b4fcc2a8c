/** Where the shop answers. A release may point elsewhere with its environment variable API_BASE. */
export const API_BASE: string = process.env.API_BASE || 'https://api.coffee.example.com';
export const TIMEOUT_MS = 8000;

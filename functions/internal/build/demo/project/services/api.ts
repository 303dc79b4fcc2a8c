import { API_BASE, TIMEOUT_MS } from './config';

interface Reply {
  data?: any;
  status?: number;
}

/** Asks the shop. Resolves with undefined when it does not answer, so that pages can show what they know. */
function ask(path: string, method: 'GET' | 'POST', data?: object): Promise<any> {
  return new Promise((resolve) => {
    my.request({
      url: `${API_BASE}${path}`,
      method,
      data,
      timeout: TIMEOUT_MS,
      dataType: 'json',
      success: (reply: Reply) => resolve(reply && reply.data),
      fail: () => resolve(undefined),
    });
  });
}

export const fetchMenu = () => ask('/v1/menu', 'GET');
export const placeOrder = (lines: object[]) => ask('/v1/orders', 'POST', { lines });
export const fetchStamps = () => ask('/v1/stamps', 'GET');

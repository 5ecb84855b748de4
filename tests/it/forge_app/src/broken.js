import { something } from './index';

throw new Error(`no ${typeof something} today`);
export const run = () => {};

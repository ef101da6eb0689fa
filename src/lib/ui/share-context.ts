/** @file The page's links and bundles, for every component below the page. */
import { createContext } from 'svelte';
import type { Sharing } from '../state/share.svelte.ts';

const [sharing, shareBelow] = createContext<Sharing>();
export { sharing, shareBelow };

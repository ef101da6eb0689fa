/** @file The engine's worker in a browser with a fault. The patches come first. */
import './fault-patches.ts';
import '../../src/lib/worker/lab.worker.ts';

// A thread's part of the histories in memory. Sends home what came of it, and nothing else.

import { parentPort, workerData } from "node:worker_threads";
import { memoryStore } from "tollgate/tokens";
import { play } from "./play.mjs";

parentPort.postMessage(await play(memoryStore(), workerData));

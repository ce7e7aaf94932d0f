// The Worker: the gate in front of the API.

import { protect } from "tollgate/worker";
import config from "../tollgate.json" with { type: "json" };
import { api } from "./api.js";

export default protect(config, api);

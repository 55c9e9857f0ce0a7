// @ts-check
import { clientRoutes } from "./client/routes.js";
import { researcherRoutes } from "./researcher/routes.js";

/** All places of the page. @type {import("./app/router.js").Route[]} */
export const routes = [...clientRoutes, ...researcherRoutes];

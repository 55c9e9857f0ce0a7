// @ts-check

/** The places of a researcher. @type {import("../app/router.js").Route[]} */
export const researcherRoutes = [];

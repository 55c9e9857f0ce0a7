// @ts-check
import { texts } from "../app/texts.js";

/** The places of a client. @type {import("../app/router.js").Route[]} */
export const clientRoutes = [
  {
    path: "/",
    view: "directory-view",
    load: () => import("./directory.js"),
    title: texts.directory.title,
  },
  {
    path: "/sign-in",
    view: "sign-in-view",
    load: () => import("./sign-in.js"),
    title: texts.shell.signIn,
  },
];

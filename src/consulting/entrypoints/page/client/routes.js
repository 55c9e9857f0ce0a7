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
    path: "/researchers/:id",
    view: "researcher-view",
    load: () => import("./researcher.js"),
    title: texts.researcher.choose,
  },
  {
    path: "/researchers/:id/book/:slot",
    view: "book-view",
    load: () => import("./book.js"),
    title: texts.book.title,
  },
  {
    path: "/sessions",
    view: "sessions-view",
    load: () => import("./sessions.js"),
    title: texts.sessions.title,
    personal: true,
  },
  {
    path: "/sessions/:id",
    view: "session-view",
    load: () => import("./session.js"),
    title: texts.book.title,
    personal: true,
  },
  {
    path: "/sessions/:id/pay",
    view: "pay-view",
    load: () => import("./pay.js"),
    title: texts.pay.title,
    personal: true,
  },
  {
    path: "/sessions/:id/cancel",
    view: "cancel-view",
    load: () => import("./cancel.js"),
    title: texts.cancel.title,
    personal: true,
  },
  {
    path: "/sessions/:id/move",
    view: "move-view",
    load: () => import("./move.js"),
    title: texts.move.title,
    personal: true,
  },
  {
    path: "/sessions/:id/review",
    view: "review-view",
    load: () => import("./review.js"),
    title: texts.review.title,
    personal: true,
  },
  {
    path: "/sign-in",
    view: "sign-in-view",
    load: () => import("./sign-in.js"),
    title: texts.shell.signIn,
  },
];

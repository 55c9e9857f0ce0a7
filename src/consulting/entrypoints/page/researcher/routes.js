// @ts-check
import { texts } from "../app/texts.js";

/** The places of a researcher. @type {import("../app/router.js").Route[]} */
export const researcherRoutes = [
  { path: "/week", view: "week-view", load: () => import("./week.js"), title: texts.shell.week, personal: true },
  {
    path: "/bookings",
    view: "bookings-view",
    load: () => import("./bookings.js"),
    title: texts.shell.bookings,
    personal: true,
  },
  {
    path: "/bookings/:id",
    view: "booking-view",
    load: () => import("./booking.js"),
    title: texts.shell.bookings,
    personal: true,
  },
  {
    path: "/earnings",
    view: "earnings-view",
    load: () => import("./earnings.js"),
    title: texts.shell.bookings,
    personal: true,
  },
  {
    path: "/profile",
    view: "profile-view",
    load: () => import("./profile.js"),
    title: texts.shell.profile,
    personal: true,
  },
];

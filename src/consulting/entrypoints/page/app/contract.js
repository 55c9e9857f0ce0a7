// @ts-check
// Names for the shapes of the contract. `contract.d.ts` is generated from docs/openapi.json where types are checked;
// browsers never load this file.

/** @typedef {import("../contract").components["schemas"]} Schemas */
/** @typedef {Schemas["Researcher"]} Researcher */
/** @typedef {Schemas["ResearcherPage"]} ResearcherPage */
/** @typedef {Schemas["ExpertiseTags"]} ExpertiseTags */
/** @typedef {Schemas["TimeSlot"]} TimeSlot */
/** @typedef {Schemas["TimeSlotDays"]} TimeSlotDays */
/** @typedef {Schemas["Session"]} Session */
/** @typedef {Schemas["SessionPage"]} SessionPage */
/** @typedef {Schemas["PaymentIntent"]} PaymentIntent */
/** @typedef {Schemas["Money"]} Money */
/** @typedef {Schemas["Quote"]} Quote */
/** @typedef {Schemas["Review"]} Review */
/** @typedef {Schemas["PublicReview"]} PublicReview */
/** @typedef {Schemas["ReviewPage"]} ReviewPage */
/** @typedef {Schemas["CalendarToken"]} CalendarToken */
/** @typedef {Schemas["Profile"]} Profile */
/** @typedef {Schemas["Booking"]} Booking */
/** @typedef {Schemas["BookingPage"]} BookingPage */
/** @typedef {Schemas["Pattern"]} Pattern */
/** @typedef {Schemas["Override"]} Override */
/** @typedef {Schemas["OneOffSlot"]} OneOffSlot */
/** @typedef {Schemas["Block"]} Block */
/** @typedef {Schemas["Trial"]} Trial */
/** @typedef {Schemas["TimeExplained"]} TimeExplained */

export {};

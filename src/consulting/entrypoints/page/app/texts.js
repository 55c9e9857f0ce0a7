// @ts-check
// Every word that the page says, in one place. Sentences with something in them are functions.

/** Words are English; dates and numbers follow the visitor's kind of English. */
export const locale = navigator.languages.find((each) => /^en\b/i.test(each)) ?? "en-GB";

/** @param {number} count @param {string} one @param {string} several */
const counted = (count, one, several) => (count === 1 ? `1 ${one}` : `${count} ${several}`);

export const texts = {
  name: "consulting",

  shell: {
    find: "Find an expert",
    sessions: "My sessions",
    week: "My week",
    bookings: "Bookings",
    profile: "Profile",
    menu: "Pages",
    signIn: "Sign in",
    signOut: "Sign out",
    signedInAs: (/** @type {string} */ name) => `Signed in as ${name}`,
    zone: "Times are shown in",
    ownZone: "your own zone",
    sandbox: "Sandbox: people, cards and mails are made up, and no money moves.",
    mails: "Mail inbox",
    documentation: "API documentation",
    notFound: "There is nothing here",
    notFoundWhy: "The address leads nowhere. It may have been shortened when it was copied.",
    home: "To the experts",
    loading: "Loading …",
    again: "Try again",
    back: "Back",
  },

  signIn: {
    title: "Who are you today?",
    why: "This is a sandbox: choose somebody to be. Nobody here is real.",
    clients: "Clients",
    researchers: "Researchers",
    needed: "Sign in to go on",
    fromSite: "Booking and your sessions need a sign-in. Open this page from your account, and come back here.",
    go: "Go to sign in",
    failed: "The list of people could not be loaded.",
  },

  directory: {
    title: "Find an expert",
    lead: "Book an hour with the researcher who knows. Pay when you book, cancel by fair rules.",
    search: "Name, field or institution",
    clear: "Clear the search",
    filters: "Filters",
    field: "Field",
    anyField: "Any field",
    most: "Up to, an hour",
    anyRate: "Any rate",
    upTo: (/** @type {string} */ rate) => `up to ${rate}`,
    free: "free of charge",
    sort: "Order",
    sorts: { "": "Name", rate: "Lowest rate", rating: "Best rated" },
    verified: "Verified only",
    soon: "Free within a week",
    none: "Nobody fits",
    noneWhy: "Try another word, or fewer filters.",
    clearFilters: "Clear all filters",
    more: "Show more",
    found: (/** @type {number} */ count, /** @type {boolean} */ more) =>
      more ? `${count} experts and more` : counted(count, "expert", "experts"),
    next: (/** @type {string} */ when) => `Next free: ${when}`,
    noNext: "No free time at the moment",
    perHour: "an hour",
  },

  researcher: {
    verified: "Verified",
    verifiedWhy: "Identity and affiliation were checked",
    about: "About",
    expertise: "Expertise",
    achievements: "Achievements",
    reviews: "Reviews",
    noReviews: "Nobody has written a review yet.",
    moreReviews: "More reviews",
    someone: "A client",
    choose: "Choose a time",
    theirZone: (/** @type {string} */ name, /** @type {string} */ zone) => `${name} lives by ${zone} time.`,
    free: "Free of charge",
    rating: (/** @type {string} */ average, /** @type {number} */ count) =>
      `${average} of 5, ${counted(count, "review", "reviews")}`,
    noRating: "No reviews yet",
  },

  slots: {
    earlier: "Earlier month",
    later: "Later month",
    day: (/** @type {string} */ day, /** @type {number} */ free) =>
      `${day}, ${free ? counted(free, "free time", "free times") : "nothing free"}`,
    on: (/** @type {string} */ day) => `Times on ${day}`,
    none: "Nothing is free on this day.",
    noneInMonth: "Nothing is free in this month.",
    nextFree: (/** @type {string} */ day) => `Next free day: ${day}`,
    choose: "Choose a day with a dot: something is free there.",
    change: "The clocks change on this day.",
    zone: "Your time zone",
  },

  book: {
    title: "Your session",
    with: (/** @type {string} */ name) => `with ${name}`,
    questions: "What would you like to ask?",
    questionsHint: "The researcher reads this before you meet. You can leave it empty.",
    paper: "Paper, if it is about one",
    paperHint: "A DOI or another id, such as 10.5555/12345678",
    hold: "Hold this time and pay",
    holdFree: "Book this time",
    holding: "Holding …",
    holdWhy: "Nobody else can take it while you pay. Nothing is charged yet.",
    otherTime: "Choose another time",
    price: "Price",
    length: "Length",
    gone: "Somebody else has just taken this time. These are still free:",
    heldAlready: "You hold this time already.",
  },

  pay: {
    title: "Pay",
    left: "Held for you for",
    minutesLeft: (/** @type {number} */ minutes) => `${counted(minutes, "minute", "minutes")} left to pay`,
    until: (/** @type {string} */ time) => `until ${time}`,
    expired: "The time to pay is over",
    expiredWhy: "The hold has ended, and nothing was charged. The time may still be free: choose it again.",
    again: "See free times",
    card: "Card",
    number: "Card number",
    expiry: "Expires",
    expiryHint: "MM / YY",
    cvc: "CVC",
    testCards: "Test cards",
    testCardsWhy: "The sandbox knows these cards. Choose one to fill the form.",
    pay: (/** @type {string} */ price) => `Pay ${price}`,
    paying: "Paying …",
    declined: (/** @type {string} */ why) => `${why} Nothing was charged, and your time is still held. Try another card.`,
    badNumber: "This is not a card number: check its digits.",
    badExpiry: "Give month and year in the future, such as 12 / 34.",
    badCvc: "Give the 3 or 4 digits from the card.",
    bank: "Your bank asks",
    bankWhy: "This card needs a confirmation (3D Secure). The sandbox lets you say how that ends.",
    approve: "Approve the payment",
    refuse: "Refuse it",
    secure: "The card goes to the payment provider directly, never through us.",
    giveUp: "Give this time back",
    processing: "The payment is under way. This page shows when it is through.",
    unavailable: "The payment form could not be loaded. Is something blocking js.stripe.com?",
    terms: "Cancel 24 hours before or earlier and you get everything back, by the researcher's own policy; the exact "
      + "sum is always shown before you cancel.",
  },

  session: {
    confirmed: "You are booked",
    confirmedWhy: "A confirmation with the link is on its way to your mail.",
    titles: {
      held: "Not paid yet",
      confirmed: "Confirmed session",
      completed: "Past session",
      canceled: "Canceled session",
    },
    states: { held: "To be paid", confirmed: "Confirmed", completed: "Completed", canceled: "Canceled" },
    when: "When",
    theirTime: (/** @type {string} */ time, /** @type {string} */ zone) => `${time} in ${zone}`,
    where: "Where",
    join: "Join the meeting",
    linkFollows: "The link is being made; it appears here and in your mail.",
    question: "Your question",
    paper: "Paper",
    paid: "Paid",
    free: "Free of charge",
    price: "Price",
    addToCalendar: "Add to calendar",
    ics: "Download .ics",
    google: "Google Calendar",
    outlook: "Outlook",
    move: "Move to another time",
    cancel: "Cancel this session",
    review: "Write a review",
    editReview: "Change your review",
    pay: "Pay now",
    refund: {
      requested: (/** @type {string} */ sum) => `${sum} is on its way back to you.`,
      pending: (/** @type {string} */ sum) => `${sum} is on its way back; your bank may take some days.`,
      succeeded: (/** @type {string} */ sum) => `${sum} was returned to your card.`,
      failed: (/** @type {string} */ sum) => `Returning ${sum} did not work at once. We are looking after it.`,
    },
    canceledBy: {
      hold_expired: "It was not paid in time.",
      canceled_by_client: "You canceled it.",
      canceled_by_researcher: "The researcher canceled it.",
      canceled_by_admin: "It was canceled by the administration.",
      refunded_outside: "Its payment was returned.",
    },
    note: (/** @type {string} */ note) => `“${note}”`,
    noShow: "The researcher noted that you did not come.",
    yourReview: "Your review",
    calendarTitle: (/** @type {string} */ name) => `Session with ${name}`,
  },

  sessions: {
    title: "My sessions",
    upcoming: "Upcoming",
    past: "Past",
    canceled: "Canceled",
    none: { scheduled: "Nothing is booked.", completed: "No session is over yet.", canceled: "Nothing was canceled." },
    find: "Find an expert",
    more: "Show more",
    subscribe: "Subscribe in your calendar",
    subscribeWhy: "An address that your calendar program reads by itself. Whoever has it sees your sessions.",
    makeAddress: "Make an address",
    address: "Address of your calendar",
    openCalendar: "Open in my calendar",
    revoke: "Take the address back",
    revoked: "The old address no longer works.",
  },

  cancel: {
    title: "Cancel this session?",
    all: (/** @type {string} */ sum) => `You get everything back: ${sum}.`,
    part: (/** @type {string} */ sum, /** @type {number} */ percent) => `You get ${percent} % back: ${sum}.`,
    nothing: "It is too late to get money back: nothing is returned.",
    unpaid: "Nothing was charged, so nothing is returned.",
    quoted: (/** @type {string} */ time) => `As of ${time}.`,
    reason: "A word to the researcher",
    confirm: "Cancel the session",
    confirming: "Canceling …",
    keep: "Keep it",
    changed: "The sum has changed meanwhile. Look again before you decide.",
  },

  move: {
    title: "Move to another time",
    now: (/** @type {string} */ when) => `Now: ${when}`,
    same: "Times of the same length and price are shown.",
    confirm: (/** @type {string} */ when) => `Move to ${when}`,
    moving: "Moving …",
    other: "Choose another time",
    moved: "The session was moved.",
  },

  review: {
    title: "How was it?",
    rating: "Stars",
    stars: (/** @type {number} */ count) => counted(count, "star", "stars"),
    comment: "What would help others to know?",
    publish: "Publish the review",
    change: "Save the changes",
    saving: "Saving …",
    until: (/** @type {string} */ when) => `You can change it until ${when}.`,
    missing: "Choose one to five stars.",
  },

  week: {},

  /** What to do about each of the API's errors; `details` is what the answer says besides. */
  errors: /** @type {Record<string, string | ((details: any, wait: number) => string)>} */ ({
    OFFLINE: "There is no answer. Look whether you are online, then try again: nothing is done twice.",
    UNREADABLE: "The answer can't be read. Try again in a moment.",
    PAGE_BROKEN: "Something went wrong on this page. Load it again.",
    UNAUTHORIZED: "Sign in first.",
    TOKEN_INVALID: "You are no longer signed in. Sign in again.",
    FORBIDDEN: "Your account may not do this.",
    EMAIL_REQUIRED: "Booking needs a mail address, and your account has none. Add one, and sign in again.",
    SIGN_IN_UNAVAILABLE: "Nobody can be signed in at the moment. Try again in a minute.",
    SLOT_UNAVAILABLE: "This time has just been taken. Choose another one.",
    SLOT_NOT_FOUND: "This time is no longer offered. Choose another one.",
    RESEARCHER_NOT_FOUND: "This researcher isn't here, or no longer takes bookings.",
    SESSION_NOT_FOUND: "There is no such session among yours. Are you signed in as the right person?",
    NOT_YOUR_SESSION: "Only the client of this session can do this.",
    HOLD_LIMIT_REACHED: "You hold as many unpaid times as you may. Pay for one of them, or give it back, first.",
    HOLD_EXPIRED: "The time to pay is over, and nothing was charged. Choose a time again.",
    OWN_SLOT: "This is your own time: it can't be booked by yourself.",
    ALREADY_PAID: "This session is paid already.",
    NOTHING_TO_PAY: "This session is free of charge: there is nothing to pay.",
    PAYMENT_INCOMPLETE: (details) =>
      details.status === "processing"
        ? "The payment is still under way. It shows here when it is through."
        : "The payment isn't through. Try again, or take another card.",
    PAYMENT_INTENT_UNKNOWN: "This payment belongs to another session. Load the page again.",
    PAYMENT_MISMATCH: "What was paid isn't the price of this session. It is returned; please pay again.",
    PAYMENT_PROVIDER_UNAVAILABLE: "The payment provider doesn't answer. Your time is still held: try again in a moment.",
    MEETING_PROVIDER_UNAVAILABLE: "The meeting provider doesn't answer. Try again in a moment.",
    SESSION_CANCELED: "This session is canceled.",
    SESSION_STARTED: "The session has begun, so it can't be canceled any more.",
    SESSION_COMPLETED: "This session is over.",
    SESSION_NOT_CONFIRMED: "This can be done with confirmed sessions only.",
    RESCHEDULE_TOO_LATE: "It is too late to move this session. You can still cancel it, and see first what you get back.",
    PRICE_DIFFERS: "That time has another length or price. Choose one that is the same.",
    REVIEW_EXISTS: "You have reviewed this session already. You can change your review.",
    REVIEW_REFUSED: "A session can be reviewed for 60 days after it took place, by whoever paid for it.",
    REVIEW_NOT_FOUND: "There is no review yet.",
    NOT_A_RESEARCHER: "This part is for researchers, and your account isn't linked to one.",
    VALIDATION_FAILED: "Some of what you wrote can't be taken. See the remarks at the fields.",
    IDEMPOTENCY_KEY_REUSED: "This was sent before in another form. Load the page again.",
    REQUEST_IN_PROGRESS: "The first try is still running. Wait a moment, then look again.",
    TOO_MANY_REQUESTS: (_, wait) =>
      wait ? `That was a lot in a short time. Wait ${counted(wait, "second", "seconds")}.` : "Wait a moment, please.",
    OVERLOADED: "A lot is going on at the moment. Try again shortly.",
    STORAGE_UNAVAILABLE: "This doesn't work for a moment. Look whether it was done, and try again.",
    INTERNAL_ERROR: "Something went wrong on our side. Try again; if it stays so, tell us when it happened.",
    CALENDAR_NOT_FOUND: "This calendar address no longer works. Make a new one.",
  }),
};

/** Say what to do about an error. @param {{ code: string, message: string, details: any, wait: number }} error */
export function sentence({ code, message, details, wait }) {
  const known = texts.errors[code];
  const said = typeof known === "function" ? known(details ?? {}, wait) : known;
  return said ?? (message || texts.errors.UNREADABLE);
}

/** What is wrong with each field, as the API says it. @param {{ code: string, details: any } | null} error */
export function fieldProblems(error) {
  /** @type {{ field: string, problem: string }[]} */
  const fields = error?.code === "VALIDATION_FAILED" ? (error.details?.fields ?? []) : [];
  return Object.fromEntries(fields.map(({ field, problem }) => [field, problem]));
}

// The whole flow as a frontend in TypeScript writes it, with a client that is generated from docs/openapi.json.
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.js";

type Session = components["schemas"]["Session"];

const { API_URL, SANDBOX_URL, TOKEN } = process.env as Record<string, string>;
const api = createClient<paths>({ baseUrl: API_URL!, headers: { Authorization: `Bearer ${TOKEN}` } });

function got<T>(answer: { data?: T; error?: { error: { code: string; message: string } } }): T {
  if (answer.error !== undefined || answer.data === undefined) {
    throw new Error(answer.error?.error.code ?? "no answer");
  }
  return answer.data;
}

function day(ahead: number): string {
  return new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
}

async function pay(session: Session): Promise<Session> {
  const intent = got(await api.POST("/api/payment/intent", { body: { session_id: session.id } }));
  const card = new URLSearchParams({ payment_method: "pm_card_visa", client_secret: intent.client_secret });
  const url = `${SANDBOX_URL}/stripe/v1/payment_intents/${intent.payment_intent_id}/confirm`;
  const authorization = `Basic ${btoa(`${intent.publishable_key}:`)}`;
  const paid = await fetch(url, { method: "POST", body: card, headers: { Authorization: authorization } });
  if (!paid.ok) throw new Error(`the card was refused: ${paid.status}`);
  const body = { session_id: session.id, payment_intent_id: intent.payment_intent_id };
  return got(await api.POST("/api/payment/confirm", { body }));
}

const search = { params: { query: { query: "machine learning" } } };
const researcher = got(await api.GET("/api/researchers/search", search)).researchers[0]!;
const query = { researcher_id: researcher.id, from: day(3), to: day(12) };
const offered = got(await api.GET("/api/time-slots", { params: { query } }));
if (!("time_slots" in offered)) throw new Error("grouped by day, without having been asked to");
const slot = offered.time_slots.find((each) => each.available)!;
const session = got(await api.POST("/api/sessions", { body: { time_slot_id: slot.id, questions: "Is it enough?" } }));
const again = await api.POST("/api/sessions", { body: { time_slot_id: slot.id } });
const confirmed = await pay(session);
const params = { path: { id: session.id } };
const quote = got(await api.GET("/api/sessions/{id}/cancellation", { params }));
const canceled = got(await api.PATCH("/api/sessions/{id}/cancel", { params, body: { reason: "I can't make it." } }));
const listed = got(await api.GET("/api/sessions", { params: { query: { status: "canceled" } } })).sessions;

console.log(
  JSON.stringify({
    refused: again.error?.error.code,
    paid: confirmed.payment_status,
    percent: quote.percent,
    status: canceled.status,
    listed: listed.map((each) => each.id === session.id),
  }),
);

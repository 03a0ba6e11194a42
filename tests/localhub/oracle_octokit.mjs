// octokit.js against localhub, as a GitHub App uses it: signs in, pages through issues, is throttled, hears webhooks.
// Reads its world as JSON from standard input and prints what it saw as JSON.
import { App, Octokit } from "octokit";

const world = JSON.parse(await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (part) => (text += part)).on("end", () => done(text));
}));
const waited = [];
const Client = Octokit.defaults({
  baseUrl: world.url,
  throttle: {
    onRateLimit: (after, request, octokit, count) => waited.push(["primary", after]) && count < 1,
    onSecondaryRateLimit: (after, request, octokit, count) => waited.push(["secondary", after]) && count < 1,
  },
});
const app = new App({
  appId: world.app_id,
  privateKey: world.private_key,
  webhooks: { secret: world.secret },
  Octokit: Client,
});
const { data: itself } = await app.octokit.request("GET /app");
const octokit = await app.getInstallationOctokit(world.installation_id);
const [owner, repo] = world.repo.split("/");

const pages = [];
for await (const page of octokit.paginate.iterator(octokit.rest.issues.listForRepo, { owner, repo, per_page: 2 })) {
  pages.push(page.data.map((issue) => issue.title));
}
const { repository } = await octokit.graphql.paginate(
  `query($owner: String!, $repo: String!, $cursor: String) { repository(owner: $owner, name: $repo) {
     issues(first: 2, after: $cursor) { nodes { title } pageInfo { hasNextPage endCursor } } } }`,
  { owner, repo },
);

await fetch(`${world.url}/_hub/faults`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(world.fault),
});
const { data: said } = await octokit.rest.issues.createComment({ owner, repo, issue_number: 1, body: "Hello" });

const heard = [];
app.webhooks.on("issue_comment.created", ({ payload }) => heard.push(payload.comment.body));
const delivery = { id: "1", name: "issue_comment", payload: world.delivery.body };
await app.webhooks.verifyAndReceive({ ...delivery, signature: world.delivery.signature });
const forged = await app.webhooks
  .verifyAndReceive({ ...delivery, signature: "sha256=" + "0".repeat(64) })
  .then(() => "believed", () => "refused");

console.log(JSON.stringify({
  slug: itself.slug, pages, titles: repository.issues.nodes.map((issue) => issue.title), waited, said: said.body,
  heard, forged,
}));

// The admin page: jobs, embedding spaces, comparisons and keys, each as far as the reader's key may see them.

import { enter, hasKey } from "./access.js";
import { jobs, watchJobs } from "./jobs.js";
import { keys } from "./keys.js";
import { tell } from "./notices.js";
import { reports } from "./reports.js";
import { spaces } from "./spaces.js";
import { words } from "./words.js";

watchJobs();
await enter(connect);

async function connect() {
  if (!hasKey()) return tell(() => words.needKey);
  tell(() => "");
  await Promise.all([jobs, spaces, reports, keys].map((section) => section.refresh()));
}

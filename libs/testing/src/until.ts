const TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/** Asks until the answer fits, where nothing tells when it does. @throws with the last answer when it never does */
export async function until<T>(question: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const giveUpAtMs = Date.now() + TIMEOUT_MS;
  for (;;) {
    const answer = await question();
    if (fits(answer)) return answer;
    if (Date.now() > giveUpAtMs) throw new Error(`No fitting answer: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

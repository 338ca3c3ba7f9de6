/** After these words an `a` is a letter or a quotation of itself, not an article. */
const FUNCTION_WORDS = new Set(
  'is are was were be and nor or in on of if as at it its i an a the to by we us he our o e am than then but not so any all every each other'.split(
    ' ',
  ),
);
/** Initialisms spelled out letter by letter whose first sound everyone agrees on. */
const SPELLED_WITH_AN = new Set(
  'AI API APIs ASCII HTML HTTP HTTPS ID IDE IDs IP LLM LLMs MVP NPM RPC RSS SDK SDKs SLA SLO SMS SPDY SSH SSL SSO XML HR FAQ ETL ORM'.split(
    ' ',
  ),
);
const SPELLED_WITH_A = new Set(
  'UI UK URI URL URLs US USA USB UTC UTF UUID UUIDs UX TCP TLS UDP DNS CDN CLI CPU GPU PDF CSV VM VPN'.split(' '),
);

/** Vowel letters that sound like consonants: a unit, a usual, a European, a one-off. */
const SOUNDS_LIKE_CONSONANT =
  /^(?:eu|ew|one|once|ouija|u(?:[bcdfghjklmqrstvwxyz][aeiou]|[iu]|ml|hf|na[nr]|ni(?![mn])|k|se|sa))/;
const UN_WORDS = /^(?:un(?:a(?!n|r)|e|o|u|i[mn]|ident|ideal)|up|urb|urg)/;
/** Words with a silent h. */
const SILENT_H = /^(?:hour(?!i)|honest|honor|honour|heir)/;
/** Consonant starts that are read as a word, not letter by letter (nth, npm, mRNA, ssh, x-ray). */
const READ_AS_WORD =
  /^(?:[bcdgjkpqtvwz][a-z]*[aeiouy]|[flmnr][aeiou][a-z]|f[lr][a-z]*[aeiouy]|s(?:[aeiou]|[chklmnptw][a-z]*[aeiouy]))/;
const HARD_H = /^h(?!our|onest|ono|eir|ist|ote|erb|ero|abit|ilar|allu|orr|ered|omage|aute)[aeiouy][a-z]/;

/**
 * Whether `article` (a or an) is surely wrong before `next`, as English is spoken. Of names, identifiers, most initialisms and
 * words on which speakers differ (historic, herb) it never is.
 */
export function needsOtherArticle(article: string, next: string): boolean {
  const hasAn = article.toLowerCase() === 'an';
  const word = next.replace(/[.,;:!?)\]"'”’…—–].*$/u, '');
  if (SPELLED_WITH_AN.has(word)) return !hasAn;
  if (SPELLED_WITH_A.has(word)) return hasAn;
  if (/^\d+(?:st|nd|rd|th|-[a-z]+)?$/.test(word)) return numberNeedsOther(hasAn, word);
  if (!/^[A-Z]?[a-z]{2,}(?:-[a-z]+)*$/.test(word)) return false;
  const lower = word.toLowerCase();
  if (FUNCTION_WORDS.has(lower)) return false;
  const isName = word !== lower;
  const consonant = SOUNDS_LIKE_CONSONANT.test(lower) && !UN_WORDS.test(lower);
  if (hasAn) return (consonant && !isName) || READ_AS_WORD.test(lower) || HARD_H.test(lower);
  if (isName && /^(?:u|eu|o)/.test(lower)) return false;
  return (/^[aeiou]/.test(lower) && !consonant) || SILENT_H.test(lower);
}

/** Eight, eleven and eighteen want `an`; of four digits and more the reading varies. */
function numberNeedsOther(hasAn: boolean, word: string): boolean {
  const digits = /^\d+/.exec(word)?.[0] ?? '';
  if (digits.length > 3 || digits.startsWith('0')) return false;
  const wantsAn = digits.startsWith('8') || digits === '11' || digits === '18';
  return wantsAn !== hasAn;
}

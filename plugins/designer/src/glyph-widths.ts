/**
 * Advance widths, each the widest among the bold faces of common sans families (Arial-like, Inter, Roboto, Open Sans,
 * Noto Sans and, for its scripts, its siblings, DejaVu Sans), so that a text set in any of them is no wider than measured.
 * One sign per code point from the given one on: 0-9, A-Z, a-z count fortieths of an em.
 */
const TABLES: readonly (readonly [from: number, widths: string])[] = [
  // Basic Latin
  [0x0020, 'EJMYSfZEJJPYGJGLSSSSSSSSSSGGYYYPgVVVYSSXYGNVQeYZUZVTSXVjVTUJLJYNPRTOTSITTEEREgTSTTKOKTRbQROTNTY'],
  // Latin-1, Latin Extended-A and -B
  [
    0x00a0,
    'EJSSVSNQPeNQY0eNKYIIPURGKINQgggPVVVVVViVSSSSGGGGYYZZZZZYZXXXXTUTRRRRRRgOSSSSEEEESTSSSSSYSTTTTRTRVRVRVRVOVOVOVOYUYTSSSSSSSSSSXTXTXTXTYTdWJEGEGEGEGEZSNEVRRQEQEQKQNQFYTYTYTeYTZSZSZSliVKVKVKTOTOTOTOSKSKSKXTXTXTXTXTXTjbTRTUOUOUOITZVTWTVYQYcVTSSYSSNYWgIGVRFRgYTZZSkcZTVTOSRKTKSaVZXWWUOVVROSVROTFRMFzvqkeSrmhVRGEZSXTXTXTXTXTSVRVRigXTXTVRZSZSVREzvqXTqWYTVRigZSVRVRSSSSGEGEZSZSVKVKXTXTTOSKSPYTYZXRUOVRSSZSZSZSZSTRLZMEiiVVOQSOQWPVXVSSPGZWVKUR',
  ],
  // Greek and Cyrillic
  [
    0x0370,
    'SNfYDDYTooOONNGNooooOOWGZfNoaoeaHVVQVSUYZGVVeYRZYUoSSTZVaZGTSNTHSSTSSNOTSHTQUSOSWTOWQSYQYcHSSScVRUUeUXeVZSVOSOURbViYYTcUURWRVTSOVTOEZQQUTVeXTUVVSSaQUTGGNlkbXYVYVVVQaSnTYYXYeYZYUVSVeVcXoscgVUlVRSQLXSeOTTSUYSSSTOOReQUShjVbQOdQSSTLOOEEEedUSTRSiaYUfYeYtjcVogSNhhZSZSZStmhZvlibUOR00000eddXVQUTQLRMXRneTOVSXSXSfYdXjZpfdZVOSOTRTRVQjfXUXSXTgXgXGneVRdXYSdXXSjcGVRVRigSSYSYSneTOVRYTYTZSZSZSUOVRVRVRXSQLgbRMVQVQ',
  ],
  // Armenian, Hebrew, Arabic
  [
    0x0530,
    'oZUVWUURTbVUNdWURUWTXSTTUSZTXUXSRSQYSWZooEEDFDJJddQTTQQNQVTQDeQQQRRQQDQKQGdNRQQdQQKdQPXXEFIooXXVo000000000000000000000000000000000000000000000H0L00F00K0ooooooooUPIOSEHSSEONPTTFJSRRRRRUPWToooooRTTIToooooooooookwktzoRRealLGFeP00000000000G0oCOXLEEPEbEfOffTTTLLOOuuvvggSSbbXXXElacZUZOPbb000000000000000000000PPPPPPPQQPPFGMfa0BBBCJKPaffffffffTTTTTTTLLLLLLLLLOOOOSOOOOuuuvvgSllllllaafpfcccffffffZZZZZZZZZcTJJJJKKPPPKKPbebKbXccDO0000000te0000009F00P0000LHPPPPPQPQQPtvNJMV',
  ],
  // Devanagari, Bengali
  [
    0x0900,
    '000CYYkLLOYbVPPPPkkkkXaPQSSVXXYMPPPWPTNSPPPXPVQQIIUXXPUPUN0C0MCCC00000000CCCC0DCf0000000XaPXPPXQbV00GSNNNNNNNNNNIEYYkkYYPXQPXLPPO0IIodpNTUacRooWbooWcZUSRVOUeZhOQUOQUTQQQoVaQUQRQoWoooTRTNoo0NDDD0000ooGGooee0OooooooooDooooUOoRcR00ooPPPPPPPPPPQQPRPTVETKTDOI0o',
  ],
  // Tamil
  [
    0x0b80,
    'oo0eonwoYizoooaajokkzbooomXojotUooozboooatYooocgSdjlckqzvzooooSD0NboooeWqozzz0oopoooooolooooooooooooooRbiihmkantdeiiuzjwzlrooooo',
  ],
  // Thai
  [0x0e00, 'oPOPQRQNNPOPccQQNQccQRPQNQQQSSUTQQPLPOQLRRPPTOOMF0II0000000ooooSEQEEEIQ00000000QNMQNMNMUNMYboooo'],
  // Georgian
  [0x10a0, 'ZZWYRaWcLTfaVbYVeSQZaTVUUTXcQPUTeVSTUZoOoooooOooOPPbPPQbOOkPPZOQZPWQaPZPPPSPPPPOOTPPORcPPPNNFOPP'],
  // Latin Extended Additional
  [
    0x1e00,
    'VRVTVTVTVOYTYTYTYTYTSSSSSSSSSSSIXTYTYTYTYTYTGGGGVRVRVRQEQEQEQEegegegYTYTYTYTZSZSZSZSUTUTVKVKVKVKTOTOTOTOTOSKSKSKSKXTXTXTXTXTVRVRjbjbjbjbjbVQVQTRUOUOUOTKbRRIIIaSVRVRVRVRVRVRVRVRVRVRVRVRSSSSSSSSSSSSSSSSGEGEZSZSZSZSZSZSZSZSZSZSZSZSXTXTaVaVaVaVaVTRTRTRTRdUURVR',
  ],
  // General punctuation
  [0x2010, 'JJSQeeNNGGGGRRRROOQQKReEOO00000AwzDLUHQZUHHdQOKZZKjKI'],
  // Currency
  [0x20a0, 'cVUSSgXznjcSSXSuUYVUZVSUSSScZUWR'],
  // Arrows
  [0x2190, 'ededsddddd'],
];

/** Upper bounds in em for whole ranges without a table of their own; the first that holds the code point counts. */
const RANGES: readonly (readonly [from: number, to: number, widthEm: number])[] = [
  [0x200b, 0x200f, 0], // joiners and direction marks
  [0x2066, 0x2069, 0], // isolates
  [0xfe00, 0xfe0e, 0], // variation selectors
  [0xfe0f, 0xfe0f, 0.5], // asks for the wider emoji form
  [0xe0000, 0xe01ef, 0], // tags and variation selectors
  [0x1100, 0x11ff, 1.05], // Hangul jamo
  [0x1f1e6, 0x1f1ff, 0.9], // regional indicators
  [0x1f3fb, 0x1f3ff, 1.4], // skin tones, drawn apart where a font lacks the pair
  [0x2e3a, 0x2e3b, 3],
  [0x2e80, 0xa4cf, 1.05], // CJK, kana, Yi
  [0xac00, 0xd7a3, 1.05], // Hangul
  [0xd7b0, 0xd7ff, 1.05],
  [0xe000, 0xf8ff, 1.3], // private use
  [0xf900, 0xfaff, 1.05],
  [0xfb00, 0xfb06, 1.2],
  [0xfdfd, 0xfdfd, 12], // the basmala as one sign
  [0xfdf0, 0xfdff, 4],
  [0xfe30, 0xfe4f, 1.05],
  [0xff01, 0xff60, 1.05], // fullwidth forms
  [0xff61, 0xffdc, 0.8],
  [0x250, 0x52f, 1.6],
  [0x12000, 0x1254f, 4.7], // cuneiform
  [0x20000, 0x3ffff, 1.05], // CJK extensions
];

const UNKNOWN_WIDTH_EM = 2.5;
const EMOJI_WIDTH_EM = 1.4;

/** An upper bound for the advance of one code point, in em. */
export function glyphWidthEm(codePoint: number): number {
  for (const [from, widths] of TABLES) {
    const sign = widths[codePoint - from];
    if (codePoint >= from && sign !== undefined) {
      return fortieths(sign) / 40;
    }
  }
  const character = String.fromCodePoint(codePoint);
  if (/\p{Mn}/u.test(character)) {
    return 0;
  }
  const range = RANGES.find(([from, to]) => codePoint >= from && codePoint <= to);
  if (range !== undefined) {
    return range[2];
  }
  return /\p{Extended_Pictographic}/u.test(character) ? EMOJI_WIDTH_EM : UNKNOWN_WIDTH_EM;
}

function fortieths(sign: string): number {
  return '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(sign);
}

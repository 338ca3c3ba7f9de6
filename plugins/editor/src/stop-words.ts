/** English words that carry no subject: they end a key term, and never are one. */
const STOP_WORDS = new Set(
  (
    "a about above actually after again against ago all almost already also although always am an and another any anyone anything are aren't around as " +
    "ask asks at away back bad be became because become been before began being below better between big both but by call came can can't cannot come comes could couldn't " +
    "day days did didn't different do does doesn't doing don't done down during each either else end enough especially etc even ever every everyone everything " +
    'example exactly far few find first five following for four from full further gave get gets getting give given gives go goes going good got great had half has have having he her ' +
    'here high him his how however i if important in include includes including indeed instead into is it its itself just keep kept kind know known large last later lead least ' +
    'less let like likely little long look lot made main make makes making many may maybe me mean means might more most much must my need needed needs never new next no nobody ' +
    'none nor not nothing now of off often on once one ones only or order other others our out over own part perhaps place point possible put quite rather read ready really reason ' +
    'right run said same saw say says second see seem seems seen send sent set several shall she should show shown side simple simply since small so some someone something sometimes soon ' +
    'still such sure take taken takes tell ten than that the their them then there these they thing things think this those though three through thus time times to today together told too ' +
    'took toward try two under until up upon us use used useful uses using usually very via want wants was way ways we week weeks well went were what whatever when where whether which while who whole ' +
    "whom whose why will with within without won't word words work works worth would year years yes yet you your yours yourself isn't wasn't"
  ).split(' '),
);

/** Whether the word, in lower case and with straight apostrophes, carries no subject. */
export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word) || /^\w{1,9}'(?:s|ll|re|ve|d|t)$/.test(word) || word.length < 2;
}

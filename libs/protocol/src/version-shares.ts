/** Which versions the operator wants to be taken before others, as a choreographer tells it. */

/** A version that is to get this part of the correlations, where the caller's range allows it; all of them where it is pinned. */
export interface VersionShare {
  readonly plugin: string;
  readonly version: string;
  /** More than 0, and 100 in all for a plugin. */
  readonly percent: number;
}

/** `choreographer.versions`: no arguments. It may name what is not installed. */
export interface VersionShareList {
  readonly versions: readonly VersionShare[];
}

// Text that others have written, and a customer decides by: all of it can be seen, and stands in the order in which it is read.

/**
 * Controls, line and paragraph separators, halves of characters, and whatever is drawn as nothing or turns other text round;
 * but for joiners and variation selectors, without which some scripts and signs are not written. @see UTS #39 §3, UAX #9 §2
 */
const UNSEEN = /(?!\u200C|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** Whether it is such a text. */
export function isSeen(text: string): boolean {
  return !UNSEEN.test(text)
}

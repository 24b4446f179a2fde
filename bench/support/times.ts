/** Times by an event's number, in a plain array that can be handed to another process. */
export interface Times {
  set(number: number, ms: number): void;
  /** 0 where none was set. */
  values(): Float64Array;
}

export function createTimes(): Times {
  let values = new Float64Array(1 << 16);
  return {
    set(number, ms) {
      if (number >= values.length) {
        const larger = new Float64Array(2 ** Math.ceil(Math.log2(number + 1)));
        larger.set(values);
        values = larger;
      }
      values[number] = ms;
    },
    values: () => values,
  };
}

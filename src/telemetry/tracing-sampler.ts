/**
 * Which spans are recorded: where somebody has decided, it is as they decided; where nobody has, the ratio decides. What is
 * linked has been decided on: only links to spans that are recorded are ever given.
 */
import {
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** @param ratio of the traces that begin here, from 0 to 1 */
export function createSampler(ratio: number): Sampler {
  const byRatio = new TraceIdRatioBasedSampler(ratio);
  return new ParentBasedSampler({
    root: {
      shouldSample(...given: Parameters<Sampler['shouldSample']>) {
        const [context, traceId, , , , links] = given;
        if (links.length > 0) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
        return byRatio.shouldSample(context, traceId);
      },
      toString: () => `Linked{${byRatio}}`,
    },
  });
}

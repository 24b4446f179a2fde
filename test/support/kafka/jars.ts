/** Apache Kafka's own jars, fetched by Maven once per machine and checkout into a folder that git does not know. */
import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** The broker that the suites run on. */
export const KAFKA_VERSION = '4.2.0';

const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/brazier-kafka');
const HOME = join(CACHE, KAFKA_VERSION);

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** This machine can run a broker: it has Java, and the jars or Maven to fetch them. */
export const canRunKafka = isOnPath('java') && (existsSync(join(HOME, 'lib')) || isOnPath('mvn'));

const dependency = (artifact: string) =>
  `<dependency><groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${KAFKA_VERSION}</version></dependency>`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
<packaging>pom</packaging>
<dependencies>${dependency('kafka_2.13')}${dependency('kafka-tools')}</dependencies>
</project>
`;

const LIB = join(HOME, 'lib');

/** Of the broker and of its tools, once `fetchKafka` has resolved. */
export const KAFKA_CLASS_PATH = join(LIB, '*');

/** The broker's classes as the JVM wants them: a start takes half the CPU. Made by `archiveKafka`, or not there. */
export const KAFKA_ARCHIVE = join(HOME, 'classes.jsa');

/**
 * Fetches the jars when they are not there yet. By way of a folder of its own: of two that fetch at a time, one wins,
 * and nobody sees half of it.
 */
export async function fetchKafka(): Promise<void> {
  if (existsSync(LIB)) return;
  mkdirSync(HOME, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'fetch-'));
  const fetched = join(scratch, 'lib');
  try {
    writeFileSync(join(scratch, 'pom.xml'), POM);
    const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${fetched}`];
    await promisify(execFile)('mvn', args, { cwd: scratch });
    if (!existsSync(LIB)) renameSync(fetched, LIB);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

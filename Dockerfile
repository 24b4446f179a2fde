# The image: production dependencies and the sources, which Node.js runs as they are. No shell, no package manager and no
# compiler in it. One file for amd64 and arm64: nothing that is installed is made for one of them.
#
#   docker build -t brazier --build-arg VERSION="$(node -p 'require("./package.json").version')" .
#
# docs/operate/deploy.md says how to run it. Both base images can come from a registry of your own, and by digest.
ARG BUILD_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What was installed is listed by npm, which with --omit=dev would leave out what development needs, too.
RUN npm ci --omit=dev --ignore-scripts \
    && npm pkg delete devDependencies \
    && npm sbom --sbom-format=cyclonedx --sbom-type=application > sbom.cdx.json
COPY LICENSE ./
COPY mappings mappings
COPY transformers transformers
COPY src src
# Readable for the user below, whatever the umask was where this was cloned; an empty folder for the data.
RUN chmod -R a+rX,go-w . && mkdir data

FROM ${RUNTIME_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Brazier" \
      org.opencontainers.image.description="Self-hosted event forwarding for Braze: RudderStack's and Segment's SDKs in, nothing lost" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Where this base image keeps `node`.
ENV PATH="/nodejs/bin:${PATH}" \
    NODE_ENV=production

WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package.json /app/LICENSE /app/sbom.cdx.json ./
COPY --from=build /app/mappings ./mappings
COPY --from=build /app/transformers ./transformers
COPY --from=build /app/src ./src

# The one folder that is written to, with `log.path: /var/lib/brazier`; a new volume takes over its owner.
COPY --from=build --chown=65532:65532 /app/data /var/lib/brazier
VOLUME ["/var/lib/brazier"]

# The base image's `nonroot`, as a number: Kubernetes' runAsNonRoot believes no names.
USER 65532:65532
EXPOSE 8080 8081
STOPSIGNAL SIGTERM

# That the process lives, not that Braze or Kafka do. Another address, or /health/ready, by BRAZIER_HEALTH_URL.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "--eval", "fetch(process.env.BRAZIER_HEALTH_URL ?? 'http://127.0.0.1:8081/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Without a shell or npm between: signals reach the server.
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve", "--config", "/etc/brazier/brazier.yaml"]

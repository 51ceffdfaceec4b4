# One image: the six services and the command line. No shell, nothing to install, user 65532, a root that is only read.
#   docker build --tag xiaoan:0.1.0 .
# Without a network: --build-arg BUILD=… --build-arg BASE=… name images that are there, and a vendored registry lies in vendor/.
ARG BUILD=docker.io/library/rust:1.94-bookworm
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD} AS build
ARG PROFILE=dist
WORKDIR /src
ENV CARGO_NET_RETRY=10 CARGO_INCREMENTAL=0
# All at once, without a layer for dependencies: the cache mounts keep what was downloaded and compiled. A builder that has none
# builds everything, and the image is the same.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --locked --profile ${PROFILE} --bins \
 && mkdir -p /out/bin /out/share \
 && for bin in hq cases antifraud port volunteers rankings xiaoan; do \
      install -m 0555 target/${PROFILE}/${bin} /out/bin/${bin}; \
    done \
 && cargo metadata --locked --format-version 1 | python3 deploy/sbom.py > /out/share/sbom.cdx.json

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="xiaoan" \
      org.opencontainers.image.description="Xiaoan (小案): six event-sourced gRPC services and their command line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.xiaoan.sbom="/usr/local/share/xiaoan/sbom.cdx.json" \
      dev.xiaoan.sbom.format="CycloneDX 1.6"
COPY --from=build /out/bin/ /usr/local/bin/
COPY --from=build /out/share/ /usr/local/share/xiaoan/
USER 65532:65532
WORKDIR /
EXPOSE 7100 7200
# Say which: /usr/local/bin/cases, … The chart does.
ENTRYPOINT ["/usr/local/bin/xiaoan"]

# docker build -t mockexchange . && docker run --rm -p 127.0.0.1:8600:8600 mockexchange --scenario demo
#
# Arguments go to `mockexchange serve`, whose options are variables as well: MOCKEXCHANGE_SCENARIO, MOCKEXCHANGE_TOKEN and
# so on. docs/docker.md says what to mount, and what to tell a container that others reach by its name.

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_REQUIRE_HASHES=1
COPY pyproject.toml README.md LICENSE ./
COPY locks locks
COPY contracts contracts
COPY mockexchange mockexchange
# What runs needs no pip; what it imports is compiled here, since its own files may be read-only.
# All that is downloaded is held against its hashes; the package itself is built from this folder.
RUN python -m venv --without-pip /opt/mockexchange \
    && pip install -r locks/build.txt \
    && python -m hatchling build -t wheel -d /wheel \
    && pip --python /opt/mockexchange/bin/python install --compile -r locks/runtime.txt -r locks/postgres.txt \
    && PIP_REQUIRE_HASHES=0 pip --python /opt/mockexchange/bin/python install --compile --no-deps /wheel/*.whl

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="mockexchange" \
      org.opencontainers.image.description="An exchange you own: signed account APIs of real exchanges, offline" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
# Keys and the ready file are all that is ever written. Whoever runs it may write there, as in any folder for such files:
# what the server makes in it only its own user can read.
RUN mkdir -m 1777 /run/mockexchange /data && mkdir /scenarios /keys
COPY --from=build /opt/mockexchange /opt/mockexchange
COPY tools/probe_container.py /opt/mockexchange/probe.py
ENV PATH=/opt/mockexchange/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/run/mockexchange \
    XDG_RUNTIME_DIR=/run \
    MOCKEXCHANGE_HOST=0.0.0.0 \
    MOCKEXCHANGE_PORT=8600 \
    MOCKEXCHANGE_READY_FILE=/run/mockexchange/ready.json
# By number, so that a cluster can tell that it is not root.
USER 10001:10001
WORKDIR /scenarios
EXPOSE 8600
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "/opt/mockexchange/probe.py"]
ENTRYPOINT ["mockexchange", "serve"]

# docker build -t mockexchange . && docker run --rm -p 8600:8600 mockexchange --scenario demo
#
# Arguments go to `mockexchange serve`. The control API refuses a Host header that is no loopback name: a container
# that others reach as http://mock:8600 is started with `--allow-host mock`.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY mockexchange mockexchange
COPY contracts contracts
RUN python -m venv /opt/mockexchange \
    && /opt/mockexchange/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home mockexchange
COPY --from=build /opt/mockexchange /opt/mockexchange
ENV PATH=/opt/mockexchange/bin:$PATH PYTHONUNBUFFERED=1
USER mockexchange
WORKDIR /home/mockexchange
EXPOSE 8600
# urlopen raises for every status that is not a success.
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8600/_mock/ready', timeout=2)"]
ENTRYPOINT ["mockexchange", "serve", "--host", "0.0.0.0"]

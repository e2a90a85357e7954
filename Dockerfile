# Two stages: the compiler and its packages stay in the first. The image runs a configured daemon, not the quick start
# with its embedded PostgreSQL, which is why optional packages are left out.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/policies policies
COPY --from=build /app/dist dist
# Relative paths of a configuration start at its own folder: audit files and sockets go there.
RUN mkdir /etc/pgturnstile && chown node:node /etc/pgturnstile
USER node
VOLUME /etc/pgturnstile
# Clients; health and metrics. In a container the configuration says `listen: { host: 0.0.0.0 }`.
EXPOSE 6432 6433
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:6433/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/src/cli.js"]
CMD ["serve", "--config", "/etc/pgturnstile/pgturnstile.yaml"]

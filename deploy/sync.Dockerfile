# npx mooring sync in a cluster. Build in the checkout: docker build -f deploy/sync.Dockerfile -t mooring-sync .
FROM node:24-bookworm-slim
ARG KUBECTL=v1.34.2
ARG TARGETARCH=amd64
ADD --chmod=755 https://dl.k8s.io/release/${KUBECTL}/bin/linux/${TARGETARCH}/kubectl /usr/local/bin/kubectl
WORKDIR /mooring
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional && npm cache clean --force
COPY src src
COPY tools tools
USER node
ENTRYPOINT ["node", "tools/cli/main.ts", "sync"]

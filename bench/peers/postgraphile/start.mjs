// Starts PostGraphile on one schema of a PostgreSQL database, as its
// documentation does for production.
//
//   node start.mjs PORT DATABASE-URL SCHEMA
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';

const [port, url, schema] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const pg = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: url, schemas: [schema] })],
  grafserv: { graphiql: false, watch: false },
});
const service = pg.createServ(grafserv);
const server = createServer();
server.on('error', (e) => {
  console.error(e);
  process.exit(1);
});
await service.addTo(server);
server.listen(port, '127.0.0.1', () => process.stderr.write('ready\n'));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));

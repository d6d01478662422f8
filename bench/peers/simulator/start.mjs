// Starts the official AppSync simulator with DynamoDB Local for one annotated
// schema, as `amplify mock api` does, without an Amplify project around it.
//
//   node start.mjs PORT DATA-FOLDER SCHEMA-FILE
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [port, folder, schemaFile] = [Number(process.argv[2]), process.argv[3], process.argv[4]];

// Amplify's packages look for DynamoDB Local below the home folder, where the
// Amplify CLI unpacks it.
process.env.HOME = folder;
const lib = path.join(folder, '.amplify', 'lib');
fs.mkdirSync(lib, { recursive: true });
fs.symlinkSync(path.dirname(require.resolve('amplify-dynamodb-simulator/package.json')), path.join(lib, 'amplify-dynamodb-simulator'));

const cdk = require('aws-cdk-lib');
const { executeTransform } = require('@aws-amplify/graphql-transformer');
const core = require('@aws-amplify/graphql-transformer-core');
const { AmplifyAppSyncSimulator } = require('@aws-amplify/amplify-appsync-simulator');
const dynamo = require('amplify-dynamodb-simulator');
const { createAndUpdateTable, configureDDBDataSource } = require('@aws-amplify/amplify-util-mock/lib/utils/dynamo-db');

// compile runs the official transformer; what it would upload stays in memory.
function compile(schema) {
  const root = new cdk.Stack(new cdk.App(), 'root');
  const assets = {};
  const stacks = [root];
  executeTransform({
    schema,
    scope: root,
    nestedStackProvider: {
      provide: (scope, name) => {
        stacks.push(new cdk.NestedStack(scope, name));
        return stacks.at(-1);
      },
    },
    assetProvider: {
      provide: (_scope, _id, { fileName, fileContent }) => {
        assets[fileName] = fileContent;
        return { assetHash: 'h', httpUrl: fileName, s3BucketName: 'b', s3ObjectKey: fileName, s3ObjectUrl: fileName };
      },
    },
    synthParameters: { amplifyEnvironmentName: 'NONE', apiName: 'bench' },
    authConfig: {
      defaultAuthentication: { authenticationType: 'API_KEY', apiKeyConfig: { apiKeyExpirationDays: 7 } },
      additionalAuthenticationProviders: [],
    },
    resolverConfig: {},
    transformersFactoryArgs: {},
    transformParameters: { ...core.defaultTransformParameters, sandboxModeEnabled: true },
    dataSourceStrategies: core.constructDataSourceStrategies(schema, core.DDB_DEFAULT_DATASOURCE_STRATEGY),
    printTransformerLog: () => {},
    stackMapping: {},
  });
  return { stacks, assets };
}

// simulated turns what the transformer made into a configuration of the
// simulator. References between resources become their names.
function simulated({ stacks, assets }) {
  const config = {
    schema: { content: '' },
    resolvers: [],
    functions: [],
    dataSources: [],
    mappingTemplates: [],
    tables: [],
    appSync: {
      name: 'bench',
      apiKey: 'da2-fakeApiId123456',
      defaultAuthenticationType: { authenticationType: 'API_KEY' },
      additionalAuthenticationProviders: [],
    },
  };
  const nodes = stacks.flatMap((s) => s.node.findAll().filter((n) => n instanceof cdk.CfnResource && n.stack === s));
  const properties = (n) => Object.values(n.stack.resolve(n._toCloudFormation()).Resources)[0].Properties;
  const names = new Map(); // by logical id
  for (const n of nodes) {
    const id = n.stack.resolve(n.logicalId);
    names.set(id, n.cfnResourceType === 'AWS::DynamoDB::Table' ? n.node.path.split('/').at(-2) : (properties(n)?.Name ?? id));
  }
  // text is what CloudFormation would make of a value.
  const text = (v) => {
    if (typeof v !== 'object' || v === null) return String(v ?? '');
    if (v['Fn::Join']) return v['Fn::Join'][1].map(text).join(v['Fn::Join'][0]);
    if (v['Fn::GetAtt']) return names.get(v['Fn::GetAtt'][0]) ?? v['Fn::GetAtt'].join('.');
    return names.get(v.Ref) ?? v.Ref ?? JSON.stringify(v);
  };
  const template = (name, kind, content, location) => {
    const file = `${name}.${kind}.vtl`;
    config.mappingTemplates.push({ path: file, content: text(content ?? assets[text(location)]) });
    return file;
  };
  const templates = (name, p) => ({
    requestMappingTemplateLocation: template(name, 'req', p.RequestMappingTemplate, p.RequestMappingTemplateS3Location),
    responseMappingTemplateLocation: template(name, 'res', p.ResponseMappingTemplate, p.ResponseMappingTemplateS3Location),
  });
  for (const n of nodes) {
    const p = properties(n);
    switch (n.cfnResourceType) {
      case 'AWS::AppSync::GraphQLSchema':
        config.schema.content = p.Definition ?? assets['schema.graphql'];
        break;
      case 'AWS::AppSync::DataSource':
        config.dataSources.push({
          type: p.Type,
          name: p.Name,
          ...(p.DynamoDBConfig && { config: { tableName: text(p.DynamoDBConfig.TableName) } }),
        });
        break;
      case 'AWS::AppSync::FunctionConfiguration':
        config.functions.push({ name: p.Name, dataSourceName: text(p.DataSourceName), ...templates(p.Name, p) });
        break;
      case 'AWS::AppSync::Resolver':
        config.resolvers.push({
          kind: p.Kind,
          typeName: p.TypeName,
          fieldName: p.FieldName,
          functions: p.PipelineConfig.Functions.map(text),
          ...templates(`${p.TypeName}.${p.FieldName}`, p),
        });
        break;
      case 'AWS::DynamoDB::Table':
        config.tables.push({
          Type: n.cfnResourceType,
          Properties: {
            TableName: names.get(n.stack.resolve(n.logicalId)),
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: p.AttributeDefinitions,
            KeySchema: p.KeySchema,
          },
        });
        break;
    }
  }
  return config;
}

const config = simulated(compile(fs.readFileSync(schemaFile, 'utf8')));
const emulator = await dynamo.launch({ dbPath: path.join(folder, 'dynamodb'), port: null });
await createAndUpdateTable(dynamo.getClient(emulator), config);
const simulator = new AmplifyAppSyncSimulator({ port, wsPort: port });
await simulator.start();
const credentials = async () => ({ accessKeyId: 'fake', secretAccessKey: 'fake' });
simulator.init(await configureDDBDataSource(config, { endpoint: emulator.url, region: 'us-fake-1', credentials }));

async function stop() {
  simulator.stop().catch(() => {});
  await emulator.terminate().catch(() => {}); // a signalled child is a rejection
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

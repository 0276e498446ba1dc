// A source of thirty lines over a connector kit that others wrote: arguments, protocol messages, states and logs are the kit's own.
const {AirbyteSourceBase, AirbyteSourceLogger, AirbyteSourceRunner, AirbyteSpec, AirbyteStreamBase} = require('faros-airbyte-cdk');

class Builds extends AirbyteStreamBase {
  constructor(logger, config) { super(logger); this.config = config; }
  get name() { return 'builds'; }
  get primaryKey() { return 'id'; }
  get cursorField() { return 'number'; }
  get stateCheckpointInterval() { return 10; }
  getJsonSchema() { return {type: 'object', properties: {id: {type: 'string'}, number: {type: 'integer'}, log: {type: 'string'}}}; }
  getUpdatedState(state, latest) { return {number: Math.max(state.number ?? 0, latest.number)}; }
  async *readRecords(mode, cursor, slice, state) {
    for (let number = (state?.number ?? 0) + 1; number <= this.config.builds; number++)
      yield {id: `b-${number}`, number, log: `naïve "quotes" and \\ number ${number}`};
  }
}

class Teams extends AirbyteStreamBase {
  get name() { return 'teams'; }
  get primaryKey() { return [['org'], ['uid']]; }
  getJsonSchema() { return {type: 'object', properties: {org: {type: 'string'}, uid: {type: 'integer'}}}; }
  async *readRecords() { for (let uid = 1; uid <= 3; uid++) yield {org: 'a/b', uid}; }
}

class Source extends AirbyteSourceBase {
  get type() { return 'example'; }
  async spec() {
    return new AirbyteSpec({documentationUrl: 'https://example.org', connectionSpecification: {type: 'object', title: 'Example', required: ['token'],
      properties: {token: {type: 'string', airbyte_secret: true}, open: {type: 'string', airbyte_secret: true}, builds: {type: 'integer'}}}});
  }
  async checkConnection(config) { return config.token === 'right-token' ? [true, undefined] : [false, new (require('verror'))('the token is wrong')]; }
  streams(config) { return [new Builds(this.logger, config), new Teams(this.logger)]; }
}

const logger = new AirbyteSourceLogger();
const command = new AirbyteSourceRunner(logger, new Source(logger)).mainCommand();
command.parseAsync(process.argv).catch(error => { console.error(error); process.exit(1); });

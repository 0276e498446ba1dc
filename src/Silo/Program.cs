using Sophia.Commands;
using Sophia.Knowledge;

// The table of contents of the command line; what a running Sophia is made of stands in Hosting/SophiaHost.cs.
var sophia = new CommandLine("Sophia: records in, cited answers out.",
    UpCommand.Create(),
    IngestCommand.Create(),
    SampleCommand.Create(),
    AskCommand.Create(),
    SearchCommand.Create(),
    RecordsCommand.Create(),
    PipelinesCommand.Create(),
    SourcesCommand.Create(),
    RunsCommand.Create(),
    QuarantineCommand.Create(),
    QualityCommand.Create(),
    ReplayCommand.Create(),
    RetentionCommand.Create(),
    IdempotencyCommand.Create(),
    WhyCommand.Create(),
    KeysCommand.Create(),
    TenantsCommand.Create(),
    SignInCommand.Create(),
    StatusCommand.Create(),
    SilosCommand.Create(), BreakersCommand.Create(),
    MoveCommand.Create(),
    EvalCommand.Create(),
    ClusterCommand.Create(),
    DoctorCommand.Create(),
    BenchCommand.Create(),
    PublishCommand.Create(),
    TestCommand.Create());
return await sophia.Run(args);

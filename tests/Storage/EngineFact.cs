using Xunit.Abstractions;
using Xunit.Sdk;

namespace Sophia;

/// <summary>Says of a class what its tests need; where that is missing, they are skipped with the reason.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPostgresAttribute : Attribute
{
    public static string? Missing => Servers.PostgresServer.Missing;
}

/// <summary>A fact of a suite that several engines pass: the class that derives from the suite says what its engine needs.</summary>
[XunitTestCaseDiscoverer("Sophia.EngineFactDiscoverer", "Sophia.Storage.Tests")]
public sealed class EngineFactAttribute : FactAttribute;

/// <summary>The same with data.</summary>
[XunitTestCaseDiscoverer("Sophia.EngineTheoryDiscoverer", "Sophia.Storage.Tests")]
public sealed class EngineTheoryAttribute : TheoryAttribute;

public sealed class EngineFactDiscoverer(IMessageSink sink) : FactDiscoverer(sink)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions options, ITestMethod method, IAttributeInfo fact) =>
        Skipped.Of(DiagnosticMessageSink, options, method) ?? base.Discover(options, method, fact);
}

public sealed class EngineTheoryDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions options, ITestMethod method, IAttributeInfo theory) =>
        Skipped.Of(DiagnosticMessageSink, options, method) ?? base.Discover(options, method, theory);
}

internal static class Skipped
{
    public static IEnumerable<IXunitTestCase>? Of(IMessageSink sink, ITestFrameworkDiscoveryOptions options, ITestMethod method) =>
        NeedsPostgresAttribute.Missing is { } reason && method.TestClass.Class.GetCustomAttributes(typeof(NeedsPostgresAttribute)).Any()
            ? [new SkippedTestCase(reason, sink, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), method)] : null;
}

/// <summary>A test that is only counted.</summary>
public sealed class SkippedTestCase : XunitTestCase
{
    private string reason = "";

    [Obsolete("For deserialization.")]
    public SkippedTestCase()
    {
    }

    public SkippedTestCase(string reason, IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions displayOptions, ITestMethod method)
        : base(sink, display, displayOptions, method) => this.reason = reason;

    public override void Serialize(IXunitSerializationInfo data)
    {
        base.Serialize(data);
        data.AddValue(nameof(reason), reason);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        reason = data.GetValue<string>(nameof(reason));
        base.Deserialize(data);
    }

    protected override string GetSkipReason(IAttributeInfo factAttribute) => reason;
}

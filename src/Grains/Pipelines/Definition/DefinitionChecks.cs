using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What stands against a pipeline's definition beyond its form: secrets that are not to be had, sources that cannot be; and what its author should know.</summary>
internal sealed class DefinitionChecks(TenantKey pipeline, IEnumerable<ISourceKind> kinds, ISecretResolver secrets, ILogStore log)
{
    /// <exception cref="RefusedException">Invalid: one line per mistake.</exception>
    public (PipelineDefinition Definition, SecretReference? Secret) Checked(string text, string fileName)
    {
        var read = PipelineDefinitionReader.Read(text, fileName, pipeline.Name);
        if (read.Definition is null)
            throw new RefusedException(RefusalCode.Invalid, read.Errors.Count == 1 ? "The definition has a mistake." : $"The definition has {read.Errors.Count} mistakes.", read.Errors);
        var secret = SecretReference.Parse(PipelineSources.Webhook(read.Definition)?["secret"] ?? "");
        if (secret is not null && secrets.Objection(pipeline.Tenant, secret) is { } objection)
            throw new RefusedException(RefusalCode.Invalid, $"{fileName}: source.secret: {objection}.");
        foreach (var source in read.Definition.Sources)
            if (KindOf(source)?.Objection(Context(source)) is { } why)
                throw new RefusedException(RefusalCode.Invalid, $"{fileName}: source {ReadingPlan.NameOf(source)}: {why}.");
        return (read.Definition, secret);
    }

    public async Task<IReadOnlyList<string>> Warnings(PipelineDefinition definition, CancellationToken cancellation)
    {
        var warnings = new List<string>();
        foreach (var source in definition.Sources)
            if (KindOf(source) is { } kind && await kind.Warning(Context(source), cancellation) is { } warning)
                warnings.Add(warning);
        warnings.AddRange(await KeyChanges.Of(log, pipeline.Tenant, definition, cancellation));
        return warnings;
    }

    private ISourceKind? KindOf(SourceDefinition source) => kinds.FirstOrDefault(kind => kind.Type == source.Type);

    private SourceContext Context(SourceDefinition source) => new(pipeline.Tenant.Value, pipeline.Name!, source);
}

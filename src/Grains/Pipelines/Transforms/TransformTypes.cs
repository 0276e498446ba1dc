using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>What is known of a stream's fields between two of its steps.</summary>
internal sealed class TransformTypes
{
    private readonly Dictionary<string, ExpressionType> known = new(StringComparer.Ordinal);

    public ExpressionType Of(string field) => known.GetValueOrDefault(field);

    /// <summary>Remembers what a derived field is; the ones that follow in the same step may use it.</summary>
    public TransformField Derived(TransformField field, ExpressionType type)
    {
        known[field.Name] = type;
        return field;
    }

    public void After(TransformDefinition step)
    {
        switch (step.Kind)
        {
            case TransformKind.Select:
                foreach (var name in known.Keys.Except(step.Fields.Select(field => field.Name)).ToArray())
                    known.Remove(name);
                break;
            case TransformKind.Rename:
                var before = step.Fields.ToDictionary(field => field.Value, field => Of(field.Name), StringComparer.Ordinal);
                foreach (var field in step.Fields)
                    known.Remove(field.Name);
                foreach (var (name, type) in before)
                    known[name] = type;
                break;
            case TransformKind.Cast:
                foreach (var field in step.Fields)
                    known[field.Name] = CastStep.TypeOf(field.Value);
                break;
            case TransformKind.Mask:
                foreach (var field in step.Fields)
                    known[field.Name] = ExpressionType.Text;
                break;
            case TransformKind.Flatten:
                known.Clear();
                break;
            case TransformKind.Split:
                known.Remove(step.Fields[0].Name);
                if (step.Fields[0].Argument.Length > 0)
                    known[step.Fields[0].Argument] = ExpressionType.Number;
                break;
        }
    }
}

import * as React from "react";

export function View({ items }: { items: string[] }) {
    return (
        <div title="a { b">
            <p>Don't close: it's fine</p>
            {items.map(item => <a key={item} href={`http://x/${item}`}>http://example.org/{item}</a>)}
            <br />
        </div>
    );
}

export const Small = () => <span>{"}"}</span>;

export class Old extends React.Component<{ a: number }> {
    render() { return <View items={["a"]} />; }
}

import { Component, type ComponentType, type FunctionComponent } from "preact";

/** Make a part that is drawn again only when one of its properties, or a signal that it reads, is another. */
export function memo<Props extends object>(Part: FunctionComponent<Props>): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return differs(this.props, next);
    }

    override render() {
      return <Part {...this.props} />;
    }
  };
}

function differs<Props extends object>(before: Props, after: Props): boolean {
  const names = Object.keys(after) as (keyof Props)[];
  return names.length !== Object.keys(before).length || names.some((name) => before[name] !== after[name]);
}
